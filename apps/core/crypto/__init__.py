"""Keeping secrets that are stored or sent, and personal data so that it can be made unreadable for good.

`sealing` and `signing` derive their keys from SECRET_KEY. `keys` has one for each subject in each tenant, wrapped by a
key-encryption key and kept beside the data; `tokens` are texts that were encrypted with one.
"""
