-- Accounts and users of an Iaso, each with a different reason to be let in or not.

INSERT INTO iaso_account (id, name, created_at, updated_at, modules, enforce_password_validation)
    VALUES (1, 'One', now(), now(), '{DEFAULT}', false), (2, 'Two', now(), now(), '{}', false);
INSERT INTO django_content_type (id, app_label, model)
    VALUES (1, 'iaso', 'corepermissionsupport'), (2, 'menupermissions', 'custompermissionsupport');
INSERT INTO auth_permission (id, name, content_type_id, codename) VALUES
    (1, 'Pipeline management', 1, 'iaso_pipeline_management'),
    (2, 'Forms', 1, 'iaso_forms'),
    (3, 'Pipeline management, of another application', 2, 'iaso_pipeline_management');
INSERT INTO auth_group (id, name) VALUES (1, 'pipelines'), (2, 'forms'), (3, '1_role'), (4, '2_role');
INSERT INTO auth_group_permissions (group_id, permission_id) VALUES (1, 1), (2, 2), (3, 1), (4, 1);
INSERT INTO iaso_userrole (id, created_at, updated_at, account_id, group_id) VALUES (1, now(), now(), 1, 3), (2, now(), now(), 2, 4);

INSERT INTO auth_user (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
    SELECT id, '!', id = 16, 'user-' || id, 'User', 'Number ' || id, '', id IN (16, 17), id <> 18, now()
    FROM generate_series(10, 25) AS id;
-- 20 and 21 have no profile; 22 is of the second account.
INSERT INTO iaso_profile (id, phone_number, account_id, user_id, color)
    SELECT 500 + id, '', CASE id WHEN 22 THEN 2 ELSE 1 END, id, '#000000'
    FROM generate_series(10, 25) AS id WHERE id NOT IN (20, 21);

-- 10: directly. 11: by a group. 12: by a role as Iaso's own form gives it, with its group. 13: by a role that the bulk
-- edit gave, without its group. 14: by a role of another account. 15: that of another application. 16: superuser.
-- 17: staff without it. 18: switched off. 19: other rights. 20: no profile. 21: no profile, and no permission.
INSERT INTO auth_user_user_permissions (user_id, permission_id) VALUES (10, 1), (15, 3), (18, 1), (19, 2), (20, 1), (22, 1);
INSERT INTO auth_user_groups (user_id, group_id) VALUES (11, 1), (12, 3), (19, 2);
INSERT INTO iaso_profile_user_roles (profile_id, userrole_id) VALUES (512, 1), (513, 1), (514, 2);

-- What Iaso's admin lets them change. 31: staff alone. 32: staff who may change instances of OpenHEXA; 33: by a group;
-- 34: the same permission, but no staff; 35: of another application; 36: staff who may change the older record; 37: the
-- same, of an account that the record does not serve; 38: by a role alone; 39: workspaces but not instances; 40: a
-- superuser who is no staff.
INSERT INTO django_content_type (id, app_label, model) VALUES
    (3, 'iaso', 'openhexainstance'), (4, 'iaso', 'config'), (5, 'other', 'openhexainstance'), (6, 'iaso', 'openhexaworkspace');
INSERT INTO auth_permission (id, name, content_type_id, codename) VALUES
    (4, 'Can change OpenHEXA Instance', 3, 'change_openhexainstance'), (5, 'Can change config', 4, 'change_config'),
    (6, 'Can change OpenHEXA Instance, of another application', 5, 'change_openhexainstance'),
    (7, 'Can change OpenHEXA Workspace', 6, 'change_openhexaworkspace');
INSERT INTO auth_group (id, name) VALUES (5, 'openhexa'), (6, '1_openhexa');
INSERT INTO auth_group_permissions (group_id, permission_id) VALUES (5, 4), (6, 4);
INSERT INTO iaso_userrole (id, created_at, updated_at, account_id, group_id) VALUES (3, now(), now(), 1, 6);
INSERT INTO auth_user (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
    SELECT id, '!', id = 40, 'user-' || id, 'User', 'Number ' || id, '', id NOT IN (34, 40), true, now()
    FROM generate_series(31, 40) AS id;
INSERT INTO iaso_profile (id, phone_number, account_id, user_id, color)
    SELECT 500 + id, '', CASE id WHEN 37 THEN 2 ELSE 1 END, id, '#000000' FROM generate_series(31, 40) AS id;
INSERT INTO auth_user_user_permissions (user_id, permission_id)
    SELECT id, 1 FROM generate_series(31, 40) AS id
    UNION VALUES (32, 4), (34, 4), (35, 6), (36, 5), (37, 5), (39, 7);
INSERT INTO auth_user_groups (user_id, group_id) VALUES (33, 5);
INSERT INTO iaso_profile_user_roles (profile_id, userrole_id) VALUES (538, 3);
