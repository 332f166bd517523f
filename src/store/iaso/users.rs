//! Iaso's users: their account, and whether they have the permission to use pipelines.
//!
//! The permission is checked as Django's `has_perm("iaso.iaso_pipeline_management")` does: among the user's own permissions and
//! those of their groups. Iaso's roles are groups, which Iaso adds to the user together with the role. Iaso's bulk edit of
//! users does not add the group, so the roles of the profile count as well, if they belong to its account. The account's
//! modules are not checked, as in Iaso.
//!
//! The right to change the OpenHEXA configuration follows Iaso's admin: staff users who have Django's permission to change
//! OpenHEXA instances, or to change the record `openhexa-config` if the account uses that record. Roles do not count there.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

use super::prepared_statement::{self, Param, PreparedStatement};
use super::required_columns::{RequiredColumns, Right};
use crate::domain::ids::AccountId;
use crate::domain::principal::Person;
use crate::domain::user::{PERMISSION, User};
use crate::store::connection::Db;
use crate::store::error::Error;

const USER: &str = "
    SELECT u.id::bigint AS id, u.username::text AS username, u.first_name::text AS first_name,
        u.last_name::text AS last_name, u.is_active, u.is_superuser,
        p.account_id::bigint AS account, EXISTS (
            SELECT FROM public.auth_permission permission
            JOIN public.django_content_type kind ON kind.id = permission.content_type_id
            WHERE kind.app_label = 'iaso' AND permission.codename = $2 AND (
                EXISTS (
                    SELECT FROM public.auth_user_user_permissions own
                    WHERE own.user_id = u.id AND own.permission_id = permission.id)
                OR EXISTS (
                    SELECT FROM public.auth_user_groups member
                    JOIN public.auth_group_permissions given ON given.group_id = member.group_id
                    WHERE member.user_id = u.id AND given.permission_id = permission.id)
                OR EXISTS (
                    SELECT FROM public.iaso_profile_user_roles has
                    JOIN public.iaso_userrole role ON role.id = has.userrole_id
                    JOIN public.auth_group_permissions given ON given.group_id = role.group_id
                    WHERE has.profile_id = p.id AND role.account_id = p.account_id
                        AND given.permission_id = permission.id))) AS permitted,
        u.is_staff AND (u.is_superuser OR EXISTS (
            SELECT FROM public.auth_permission permission
            JOIN public.django_content_type kind ON kind.id = permission.content_type_id
            WHERE kind.app_label = 'iaso' AND (permission.codename = 'change_openhexainstance'
                OR (permission.codename = 'change_config' AND p.account_id = $3 AND NOT EXISTS (
                    SELECT FROM public.iaso_openhexaworkspace workspace
                    WHERE workspace.account_id = p.account_id AND workspace.deleted_at IS NULL)))
            AND (EXISTS (
                    SELECT FROM public.auth_user_user_permissions own
                    WHERE own.user_id = u.id AND own.permission_id = permission.id)
                OR EXISTS (
                    SELECT FROM public.auth_user_groups member
                    JOIN public.auth_group_permissions given ON given.group_id = member.group_id
                    WHERE member.user_id = u.id AND given.permission_id = permission.id)))) AS configures
    FROM public.auth_user u LEFT JOIN public.iaso_profile p ON p.user_id = u.id
    WHERE u.id = $1";

const fn read(table: &'static str, columns: &'static [&'static str]) -> RequiredColumns {
    RequiredColumns {
        table,
        right: Right::Read,
        columns,
    }
}

pub const REQUIRED_COLUMNS: &[RequiredColumns] = &[
    read(
        "auth_user",
        &[
            "id",
            "username",
            "first_name",
            "last_name",
            "is_active",
            "is_superuser",
            "is_staff",
        ],
    ),
    read("auth_permission", &["id", "content_type_id", "codename"]),
    read("django_content_type", &["id", "app_label"]),
    read("auth_user_user_permissions", &["user_id", "permission_id"]),
    read("auth_user_groups", &["user_id", "group_id"]),
    read("auth_group_permissions", &["group_id", "permission_id"]),
    read("iaso_profile", &["id", "user_id", "account_id"]),
    read("iaso_profile_user_roles", &["profile_id", "userrole_id"]),
    read("iaso_userrole", &["id", "group_id", "account_id"]),
];

/// The result of looking up a user by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserLookup {
    Active(User),
    /// Deactivated in Iaso.
    Inactive,
    NotFound,
}

#[derive(QueryableByName)]
struct UserRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    username: String,
    #[diesel(sql_type = Text)]
    first_name: String,
    #[diesel(sql_type = Text)]
    last_name: String,
    #[diesel(sql_type = Bool)]
    is_active: bool,
    #[diesel(sql_type = Bool)]
    is_superuser: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    account: Option<i64>,
    #[diesel(sql_type = Bool)]
    permitted: bool,
    #[diesel(sql_type = Bool)]
    configures: bool,
}

struct UserQuery;

impl prepared_statement::QueryText for UserQuery {
    const TEXT: &'static str = USER;
}

pub fn iaso_user(db: &mut Db<'_>, id: i64) -> Result<UserLookup, Error> {
    // Iaso's ids have 32 bits.
    let (Some((conn, attachment)), Ok(id)) = (db.attached(), i32::try_from(id)) else {
        return Ok(UserLookup::NotFound);
    };
    let record_account = attachment
        .config_account
        .and_then(|own| i32::try_from(own.0).ok());
    let params = [
        Param::Integer(Some(id)),
        Param::Text(PERMISSION),
        Param::Integer(record_account),
    ];
    let query = PreparedStatement::<UserQuery>::with(params);
    let row: Option<UserRow> = query.get_result(conn).optional()?;
    Ok(match row {
        Some(row) if row.is_active => UserLookup::Active(user_of(row)),
        Some(_) => UserLookup::Inactive,
        None => UserLookup::NotFound,
    })
}

fn user_of(row: UserRow) -> User {
    let name = format!("{} {}", row.first_name, row.last_name);
    User {
        person: Person {
            id: row.id,
            username: row.username,
            full_name: name.trim().to_owned(),
        },
        account: row.account.map(AccountId),
        permitted: row.permitted,
        is_superuser: row.is_superuser,
        configures: row.configures,
    }
}
