"""The form of somebody new who was invited."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError

from webapp.accounts.models import User
from webapp.pages.words import words


class NewAccount(forms.Form):
    username = forms.CharField(max_length=150, validators=[UnicodeUsernameValidator()])
    name = forms.CharField(max_length=150, required=False)
    email = forms.EmailField(required=False)
    password = forms.CharField(max_length=200, widget=forms.PasswordInput)

    def __init__(self, *args: Any, said: dict[str, str] | None = None, **options: Any) -> None:
        """`said` are the words of the reader's language."""
        super().__init__(*args, **options)
        self.said = said or words("en")

    def clean_username(self) -> str:
        username = str(self.cleaned_data["username"])
        if User.objects.filter(username__iexact=username).exists():
            raise ValidationError(self.said["name_taken"])
        return username

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        said = {name: self.cleaned_data.get(name, "") for name in ("username", "name", "email")}
        validate_password(password, User(**said))
        return password


def create_account(form: NewAccount) -> User:
    said = form.cleaned_data
    return User.objects.create_user(said["username"], said["email"], said["password"], name=said["name"])
