"""The statements that fill one identity database: see `companies`.

Each row has a number, and its id follows from it. Of people it is `rank * companies + company`: so neighbours in a
table belong to different companies, and each company's people are the same but for their ids.
"""

EVERY_NTH_IS_MANAGER = 10

TABLES = (
    "tenants_tenant",
    "users_user",
    "users_membership",
    "roles_role",
    "groups_group",
    "groups_groupmember",
    "roles_roleassignment",
    "iam_session",
    "service_accounts_serviceaccount",
    "oidc_application",
)

# The largest: their indexes are made when the rows are there.
BULKY = ("users_membership", "groups_groupmember", "roles_roleassignment")

# A UUIDv7 (RFC 9562 §5.7) whose time is the number and whose random bits follow from both. Written so that PostgreSQL
# puts it in the place of its calls, which is several times as fast.
ID_OF = """
create function pg_temp.id_of(kind text, number bigint) returns uuid language sql immutable parallel safe as $$
    select (lpad(to_hex(%(epoch_ms)s + number), 12, '0') ||
            overlay(overlay(left(md5(kind || ' ' || number::text), 20) placing '7' from 1) placing '8' from 5))::uuid
$$
"""

_TENANTS = """
insert into tenants_tenant (id, created_at, updated_at, version, slug, name, status, default_currency, locale,
                            time_zone, colour)
select pg_temp.id_of('company ' || %(tag)s, c), now(), now(), 1, 'company-' || c, 'Company ' || c, 'active', 'GBP',
       'en-GB', 'UTC', ''
  from generate_series(0, %(companies)s - 1) c
"""

_PEOPLE = """
insert into users_user (password, id, created_at, updated_at, version, email, email_key, name, is_active,
                        is_platform_staff, email_verified_at, locale, time_zone, sign_in_alerts)
select %(password)s, pg_temp.id_of('person ' || %(tag)s, rank * %(companies)s + c), now(), now(), 1, email, email, name,
       true, false, now(), 'en-GB', 'UTC', true
  from bench_person order by rank, c
"""

_MEMBERSHIPS = """
insert into users_membership (id, created_at, updated_at, version, tenant_id, user_id, name, name_key, status,
                              joined_at)
select pg_temp.id_of('membership ' || %(tag)s, rank * %(companies)s + c), now(), now(), 1,
       pg_temp.id_of('company ' || %(tag)s, c), pg_temp.id_of('person ' || %(tag)s, rank * %(companies)s + c),
       name, lower(name), 'active', now()
  from bench_person order by rank, c
"""

# Sixty-four first names, so that a search by the beginning of one finds a handful in each company.
_PERSON = """
create temporary view bench_person as
select rank, c, 'person-' || rank || '@company-' || c || '.' || %(tag)s || '.example' as email,
       first_names[1 + rank %% 64] || ' ' || last_names[1 + (rank / 64 + c) %% 32] as name
  from generate_series(0, %(people)s - 1) rank, generate_series(0, %(companies)s - 1) c,
       string_to_array('Ada Alan Amir Anna Aoife Bela Boris Carla Chen Clara Dario Dina Edda Elif Emil Esra Fatima '
           'Felix Femke Gita Gus Hana Hugo Ibrahim Ida Igor Ines Jada Jan Jonas Kaja Karim Kofi Lars Leila Lina Luca '
           'Mae Malik Marta Mei Mila Nadia Nils Noor Olga Omar Otto Paula Pia Quinn Rafa Rosa Sami Sara Tariq Tess Uma '
           'Vera Viktor Wanda Yara Yusuf Zoe', ' ') first_names,
       string_to_array('Abbot Baker Castro Dahl Evans Fischer Gupta Haas Ito Jansen Kaya Larsen Moreau Novak Okafor '
           'Petrov Quist Rossi Sato Tanaka Ueda Vargas Weber Xu Yilmaz Zeman Berg Costa Diaz Ekman Frey Garcia', ' ')
           last_names
"""

# Three deep: of three roles in a row each includes the one before.
_ROLES = """
insert into roles_role (id, created_at, updated_at, version, tenant_id, code, name, permissions, includes)
select pg_temp.id_of('role ' || %(tag)s, r * %(companies)s + c), now(), now(), 1,
       pg_temp.id_of('company ' || %(tag)s, c), 'role-' || r, 'Role ' || r,
       (all_of_them)[1 + r %% cardinality(all_of_them):5 + r %% cardinality(all_of_them)],
       case when r %% 3 = 0 then '{}' else array['role-' || r - 1] end
  from generate_series(0, %(roles)s - 1) r, generate_series(0, %(companies)s - 1) c,
       (select %(permissions)s::varchar[] as all_of_them) declared
 order by r, c
"""

_GROUPS = """
insert into groups_group (id, created_at, updated_at, version, tenant_id, name, name_key, description, external_id)
select pg_temp.id_of('group ' || %(tag)s, g * %(companies)s + c), now(), now(), 1,
       pg_temp.id_of('company ' || %(tag)s, c), 'Group ' || g, 'group ' || g, '', ''
  from generate_series(0, %(groups)s - 1) g, generate_series(0, %(companies)s - 1) c
 order by g, c
"""

_GROUP_MEMBERS = """
insert into groups_groupmember (id, created_at, updated_at, version, tenant_id, member_id, member_kind, group_id)
select pg_temp.id_of('belonging ' || %(tag)s, rank * %(companies)s + c), now(), now(), 1,
       pg_temp.id_of('company ' || %(tag)s, c), pg_temp.id_of('person ' || %(tag)s, rank * %(companies)s + c), 'user',
       pg_temp.id_of('group ' || %(tag)s, rank %% %(groups)s * %(companies)s + c)
  from generate_series(0, %(people)s - 1) rank, generate_series(0, %(companies)s - 1) c
 order by rank, c
"""

_GROUP_ASSIGNMENTS = """
insert into roles_roleassignment (id, created_at, updated_at, version, tenant_id, holder_id, holder_kind, role_code)
select pg_temp.id_of('group holds ' || %(tag)s, g * %(companies)s + c), now(), now(), 1,
       pg_temp.id_of('company ' || %(tag)s, c), pg_temp.id_of('group ' || %(tag)s, g * %(companies)s + c), 'group',
       'role-' || g %% %(roles)s
  from generate_series(0, %(groups)s - 1) g, generate_series(0, %(companies)s - 1) c
 order by g, c
"""

# The first is a built-in role; some of the others are for one order only, or for a year.
_ASSIGNMENTS = f"""
insert into roles_roleassignment (id, created_at, updated_at, version, tenant_id, holder_id, holder_kind, role_code,
                                  resource_type, resource_id, expires_at)
select pg_temp.id_of('holds ' || %(tag)s, k::bigint * %(people)s * %(companies)s + rank * %(companies)s + c),
       now(), now(), 1, pg_temp.id_of('company ' || %(tag)s, c),
       pg_temp.id_of('person ' || %(tag)s, rank * %(companies)s + c), 'user',
       case when k > 0 then 'role-' || (rank * 31 + k * 47) %% %(roles)s
            when rank = 0 then 'owner'
            when rank %% {EVERY_NTH_IS_MANAGER} = 0 then 'manager'
            when rank %% 3 = 0 then 'clerk' else 'viewer' end,
       case when k = 4 and rank %% 5 = 0 then 'order' else '' end,
       case when k = 4 and rank %% 5 = 0 then pg_temp.id_of('order', rank) end,
       case when k = 3 and rank %% 7 = 0 then now() + interval '1 year' end
  from generate_series(0, %(assignments)s - 1) k, generate_series(0, %(people)s - 1) rank,
       generate_series(0, %(companies)s - 1) c
 order by k, rank, c
"""

# Managers are signed in, and were seen a moment ago for as long as we measure: else each request might write that down.
_SESSIONS = f"""
insert into iam_session (id, created_at, updated_at, version, kind, tenant_id, tenant_ids, user_id, name, device,
                         user_agent, address, acr, amr, last_seen_at, expires_at, end_reason, reason)
select pg_temp.id_of('session ' || %(tag)s, rank * %(companies)s + c), now(), now(), 1, 'sign_in',
       pg_temp.id_of('company ' || %(tag)s, c), array[pg_temp.id_of('company ' || %(tag)s, c)],
       pg_temp.id_of('person ' || %(tag)s, rank * %(companies)s + c), '', 'Firefox on Linux', '', '192.0.2.1', 'aal1',
       array['pwd'], now() + interval '6 hours', now() + interval '12 hours', '', ''
  from generate_series(0, %(people)s - 1, {EVERY_NTH_IS_MANAGER}) rank, generate_series(0, %(companies)s - 1) c
 order by rank, c
"""

_PROGRAMS = """
insert into service_accounts_serviceaccount (id, created_at, updated_at, version, tenant_id, name, name_key,
                                             description, contact, is_enabled)
select pg_temp.id_of('program ' || %(tag)s, c), now(), now(), 1, pg_temp.id_of('company ' || %(tag)s, c),
       'Integration', 'integration', '', '', true
  from generate_series(0, %(companies)s - 1) c
"""

_PROGRAM_ASSIGNMENTS = """
insert into roles_roleassignment (id, created_at, updated_at, version, tenant_id, holder_id, holder_kind, role_code)
select pg_temp.id_of('program holds ' || %(tag)s, c), now(), now(), 1, pg_temp.id_of('company ' || %(tag)s, c),
       pg_temp.id_of('program ' || %(tag)s, c), 'service', 'clerk'
  from generate_series(0, %(companies)s - 1) c
"""

# From the temporary table `secrets (company, hashed)`.
CLIENTS = """
insert into oidc_application (id, client_id, tenant_id, kind, client_type, authorization_grant_type, client_secret,
                              hash_client_secret, name, skip_authorization, created, updated, algorithm, redirect_uris,
                              post_logout_redirect_uris, allowed_origins, registration_source)
select pg_temp.id_of('program ' || %(tag)s, company), pg_temp.id_of('program ' || %(tag)s, company)::text,
       pg_temp.id_of('company ' || %(tag)s, company), 'machine', 'confidential', 'client-credentials', hashed, true,
       'Integration', false, now(), now(), 'ES256', '', '', '', 'manual'
  from secrets
"""

# What other benchmarks left behind is no part of this one.
_EMPTY = "truncate roles_role, roles_roleassignment, groups_group, groups_groupmember"

FILL = (
    _EMPTY,
    _TENANTS,
    _PERSON,
    _PEOPLE,
    _MEMBERSHIPS,
    _ROLES,
    _GROUPS,
    _GROUP_MEMBERS,
    _GROUP_ASSIGNMENTS,
    _ASSIGNMENTS,
    _SESSIONS,
    _PROGRAMS,
    _PROGRAM_ASSIGNMENTS,
)
