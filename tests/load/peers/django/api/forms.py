from django import forms

# `on` and the like are those that the API knows.
BOOLEANS = {"true": True, "1": True, "on": True, "yes": True, "false": False, "0": False, "off": False, "no": False}


class Boolean(forms.CharField):
    def clean(self, value):
        text = super().clean(value).lower()
        if text not in BOOLEANS:
            raise forms.ValidationError("The field must be true or false.")
        return BOOLEANS[text]


def us_zipcode(**more):
    return forms.RegexField(r"^[0-9]{5}(-[0-9]{4})?\Z", **more)


class NewClient(forms.Form):
    has_subreseller_id = Boolean()
    subreseller_id = forms.CharField(max_length=64, required=False, empty_value=None)
    email = forms.EmailField(max_length=254)
    first_name = forms.CharField(max_length=100)
    last_name = forms.CharField(max_length=100)
    zipcode = us_zipcode()
    address = forms.CharField(max_length=255)
    same_billing_address = Boolean()
    billing_address = forms.CharField(max_length=255, required=False)
    billing_zipcode = us_zipcode(required=False)
    customer_id = forms.CharField(max_length=128, required=False, empty_value=None)
    start_billing_date = forms.DateField(input_formats=["%Y-%m-%d", "%m/%d/%Y"], required=False)

    def clean(self):
        data = super().clean()
        if data.get("has_subreseller_id") is not None:
            if data.pop("has_subreseller_id") != (data.get("subreseller_id") is not None):
                self.add_error("subreseller_id", "The field does not go with has subreseller id.")
        if data.get("same_billing_address"):
            data["billing_address"], data["billing_zipcode"] = data.get("address"), data.get("zipcode")
        elif not (data.get("billing_address") and data.get("billing_zipcode")):
            self.add_error("billing_address", "The fields are required when same billing address is false.")
        return data
