"""Base entities, units of storage and who may touch them: models, roles, routing, replicas."""
