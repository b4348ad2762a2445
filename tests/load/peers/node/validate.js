'use strict';

const BOOLEANS = { true: true, 1: true, on: true, yes: true, false: false, 0: false, off: false, no: false };
const EMAIL = /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;
const ZIPCODE = /^\d{5}(-\d{4})?$/;
const LINE = /^[^\p{Cc}]+$/u;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** The new client of these parameters, and what is wrong with them. */
function newClient(parameters) {
  const errors = {};
  const wrong = (name, what) => { errors[name] = [`The ${name.replaceAll('_', ' ')} ${what}`]; };
  const text = (name, required, most, format) => {
    const value = typeof parameters[name] === 'string' ? parameters[name].trim() : '';
    if (value === '') {
      if (required) wrong(name, 'field is required.');
      return null;
    }
    if (value.length > most) wrong(name, `may not be greater than ${most} characters.`);
    else if (!format.test(value)) wrong(name, 'format is invalid.');
    return value;
  };
  const boolean = (name) => {
    const value = BOOLEANS[text(name, true, 5, LINE)?.toLowerCase()];
    if (value === undefined && !errors[name]) wrong(name, 'field must be true or false.');
    return value;
  };
  const has_subreseller_id = boolean('has_subreseller_id');
  const client = {
    subreseller_id: text('subreseller_id', has_subreseller_id, 64, LINE),
    email: text('email', true, 254, EMAIL),
    first_name: text('first_name', true, 100, LINE),
    last_name: text('last_name', true, 100, LINE),
    zipcode: text('zipcode', true, 10, ZIPCODE),
    address: text('address', true, 255, LINE),
    same_billing_address: boolean('same_billing_address'),
    customer_id: text('customer_id', false, 128, LINE),
    start_billing_date: text('start_billing_date', false, 10, DATE),
  };
  const elsewhere = client.same_billing_address === false;
  client.billing_address = elsewhere ? text('billing_address', true, 255, LINE) : client.address;
  client.billing_zipcode = elsewhere ? text('billing_zipcode', true, 10, ZIPCODE) : client.zipcode;
  if (has_subreseller_id === false && client.subreseller_id) {
    wrong('subreseller_id', 'field is prohibited when has subreseller id is false.');
  }
  return { client, errors: Object.keys(errors).length > 0 ? errors : null };
}

module.exports = { newClient };
