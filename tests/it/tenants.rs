//! Tenants: no way in tells one account about another.
