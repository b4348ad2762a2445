from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.views import TokenView

from . import views

urlpatterns = [
    path("api/oauth/token", csrf_exempt(TokenView.as_view())),
    path("api/residential/client", views.create),
    path("api/residential/client/<int:id>", views.read),
    path("api/residential/client/<int:id>/activate", views.activate),
    path("api/residential/client/<int:id>/suspend", views.suspend),
]
handler404 = views.nothing
