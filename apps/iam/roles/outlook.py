"""How a preview reads over REST, of a role and of an assignment alike."""

from __future__ import annotations

from rest_framework import serializers


class EffectOutput(serializers.Serializer):
    kind = serializers.CharField(help_text="user or service")
    id = serializers.UUIDField()
    name = serializers.CharField()
    gains = serializers.ListField(child=serializers.CharField())
    loses = serializers.ListField(child=serializers.CharField())


class PreviewOutput(serializers.Serializer):
    gains = serializers.DictField(
        child=serializers.IntegerField(), help_text="By permission, how many people and service accounts gain it."
    )
    loses = serializers.DictField(child=serializers.IntegerField(), help_text="By permission, how many lose it.")
    affected_count = serializers.IntegerField()
    affected = EffectOutput(many=True, help_text="The first hundred of them.")
    refusals = serializers.ListField(
        child=serializers.CharField(), help_text="What a rule of separation of duty would refuse."
    )
    complete = serializers.BooleanField(help_text="False where so many hold the role that not all were looked at.")
