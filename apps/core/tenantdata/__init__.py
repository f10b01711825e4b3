"""All that a tenant has in one database, as a whole: read out in pages, and erased.

Which tables there are is asked of PostgreSQL's catalogue and of the models, so that a feature's new table is part of
both without anybody thinking of it.
"""
