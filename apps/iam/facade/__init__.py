"""All that other services may know of identity and access: `iam` answers in the form of `contracts`, `events` tells."""
