"""The same work done by other libraries, at their defaults: one file a library and job."""
