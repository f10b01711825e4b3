"""Who may ask how much: rates, monthly quotas and how many at once, shared by all processes through Redis.

Rules are data (`rules`). For a request each rule that fits makes a `Budget`; the `Limiter` charges all of them in one
step, or none. docs/guides/rate-limits.md says what callers, companies and operators see of it.
"""
