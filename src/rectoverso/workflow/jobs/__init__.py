"""What a service does for makers: jobs that are asked for now and done later, in items that end one by one."""
