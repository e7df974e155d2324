"""Hand-offs: what is open when somebody's day ends, drafted from the record, and accepted by who goes on."""
