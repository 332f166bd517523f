//! Iaso's users, as its own tables have them: who they are, which account is theirs, and whether they have the
//! permission to use pipelines.
//!
//! The permission is looked for as Django's `has_perm("iaso.iaso_pipeline_management")` does, among the user's own and
//! those of their groups; Iaso's roles are groups, which Iaso gives to the user together with the role. Its bulk edit
//! of users forgets the group, so the roles of the profile count by themselves, too, if they are of its account. An
//! account's modules are not asked, as there.
//!
//! Who may change the OpenHEXA configuration is decided as Iaso's admin does: staff whom Django lets change instances of
//! OpenHEXA, or the older record `openhexa-config` where the account is served by that. A role gives no right there.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

use super::need::{Need, Right};
use super::prepared::{self, Prepared, Value};
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

const fn read(table: &'static str, columns: &'static [&'static str]) -> Need {
    Need {
        table,
        right: Right::Read,
        columns,
    }
}

pub const NEEDS: &[Need] = &[
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

/// The user with an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Active(User),
    /// Deactivated in Iaso.
    Inactive,
    NotFound,
}

#[derive(QueryableByName)]
struct Row {
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

struct Question;

impl prepared::Question for Question {
    const TEXT: &'static str = USER;
}

pub fn user(db: &mut Db<'_>, id: i64) -> Result<Found, Error> {
    // Iaso's ids have 32 bits.
    let (Some((conn, beside)), Ok(id)) = (db.attached(), i32::try_from(id)) else {
        return Ok(Found::NotFound);
    };
    let record_account = beside
        .config_account
        .and_then(|own| i32::try_from(own.0).ok());
    let values = [
        Value::Integer(Some(id)),
        Value::Text(PERMISSION),
        Value::Integer(record_account),
    ];
    let question = Prepared::<Question>::with(values);
    let row: Option<Row> = question.get_result(conn).optional()?;
    Ok(match row {
        Some(row) if row.is_active => Found::Active(user_of(row)),
        Some(_) => Found::Inactive,
        None => Found::NotFound,
    })
}

fn user_of(row: Row) -> User {
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
