-- Run at every start of the pod: creates what is missing and takes the passwords
-- over from the Secret. Expects :role and :database.

-- Statements with a password reach neither the log nor the statistics.
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_duration_sample = -1;
SET log_min_error_statement = 'panic';
SET pg_stat_statements.track = 'none';

\set admin_password `cat "$SECRETS/admin-password"`
\set user_password `cat "$SECRETS/user-password"`

SELECT format('CREATE ROLE %I', :'role')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role')
\gexec

SELECT format('ALTER ROLE postgres PASSWORD %L', :'admin_password')
\gexec
SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', :'role', :'user_password')
\gexec

SELECT NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') AS create_database
\gset
\if :create_database
CREATE DATABASE :"database" OWNER :"role";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
\endif
