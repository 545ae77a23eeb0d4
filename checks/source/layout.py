"""v1's tables and columns as the checks know them: what is read of each, and what is left behind and why.

This is the checks' own list. A column that the source has and this list has not is a finding (law 6), and so
is a value that leaves v1 without a reason here.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Layout:
    """One v1 table. `read` columns have a destination; `dropped` ones have a reason instead.

    `order` is the order in which rows stream. `rule` says why a table is left out as a whole.
    """

    read: tuple[str, ...] = ()
    dropped: dict[str, str] = field(default_factory=dict)
    order: tuple[str, ...] = ("id",)
    rule: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column this table is known to have."""
        return (*self.read, *self.dropped)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_NO_FIELD = "v2 has no field for it"
_GOOGLE = "Google connections are not migrated: users connect again"
_AUTH = "kept by Supabase only; v2 has its own sign-in"
_FRESH = "the row's own bookkeeping: v2 keeps the user's"
_ENTRY_COLUMNS = _words(
    "id case_id title description notes received_date response_due_date response_submitted_date created_at"
)

USERS = Layout(
    read=_words(
        """
        id auth_user_id email full_name phone job_title company profile_photo_url user_type firm_id
        firm_name notification_preferences notification_sms notification_push urgent_deadline_days
        privacy_mode_enabled calendar_sync_enabled calendar_sync_pwd calendar_sync_eta9089
        calendar_sync_i140 calendar_sync_rfe calendar_sync_rfi calendar_sync_recruitment
        calendar_sync_filing_window calendar_sync_preferences created_at updated_at deleted_at
        """
    ),
    dropped={
        **dict.fromkeys(_words("oauth_provider last_login_at last_login notification_email"), _NO_FIELD),
        "calendar_last_synced_at": "calendar sync starts afresh",
        **dict.fromkeys(
            _words(
                """
                google_email google_refresh_token google_access_token google_token_expiry
                google_scopes gmail_connected calendar_connected google_calendar_connected
                google_calendar_refresh_token
                """
            ),
            _GOOGLE,
        ),
    },
)

CASES = Layout(
    read=_words(
        """
        id user_id case_number internal_case_number employer_name employer_fein
        beneficiary_identifier position_title job_title soc_code soc_title case_status
        progress_status pwd_filing_date pwd_determination_date pwd_expiration_date pwd_case_number
        pwd_wage_amount pwd_wage_level job_order_start_date job_order_end_date job_order_state
        sunday_ad_first_date sunday_ad_second_date sunday_ad_newspaper notice_of_filing_start_date
        notice_of_filing_end_date additional_recruitment_start_date additional_recruitment_end_date
        additional_recruitment_methods recruitment_notes recruitment_applicants_count
        recruitment_summary_custom is_professional_occupation eta9089_filing_date eta9089_audit_date
        eta9089_certification_date eta9089_expiration_date eta9089_case_number rfi_received_date
        rfi_response_due_date rfi_response_submitted_date rfi_notes rfi_list rfi_documents
        rfe_received_date rfe_response_due_date rfe_response_submitted_date rfe_notes rfe_list
        rfe_documents i140_filing_date i140_receipt_date i140_receipt_number i140_approval_date
        i140_denial_date priority_level is_favorite notes tags documents calendar_sync_enabled
        created_at updated_at deleted_at
        """
    ),
    dropped={
        "recruitment_end_date": "v2 derives it from the dates of the steps",
        "calendar_event_ids": "calendar sync starts afresh: v1's events are deleted after the cutover",
        "calendar_last_synced_at": "calendar sync starts afresh",
    },
)

TABLES: dict[str, Layout] = {
    "auth.users": Layout(
        read=_words("id email encrypted_password email_confirmed_at banned_until deleted_at created_at"),
        dropped=dict.fromkeys(
            _words(
                """
                instance_id aud role invited_at confirmation_token confirmation_sent_at
                recovery_token recovery_sent_at email_change_token_new email_change
                email_change_sent_at last_sign_in_at raw_app_meta_data raw_user_meta_data
                is_super_admin updated_at phone phone_confirmed_at phone_change phone_change_token
                phone_change_sent_at confirmed_at email_change_token_current
                email_change_confirm_status reauthentication_token reauthentication_sent_at
                is_sso_user is_anonymous
                """
            ),
            _AUTH,
        ),
    ),
    "auth.identities": Layout(
        read=_words("id user_id provider provider_id created_at"),
        dropped=dict.fromkeys(_words("identity_data last_sign_in_at updated_at email"), _AUTH),
        order=("user_id", "id"),
    ),
    "public.users": USERS,
    "public.cases": CASES,
    "public.case_rfi": Layout(_ENTRY_COLUMNS, {"updated_at": _NO_FIELD}, ("case_id", "created_at", "id")),
    "public.case_rfe": Layout(_ENTRY_COLUMNS, {"updated_at": _NO_FIELD}, ("case_id", "created_at", "id")),
    "public.user_settings": Layout(
        read=_words(
            """
            user_id email_notifications_enabled email_deadline_reminders email_status_updates
            email_rfe_alerts reminder_days_before quiet_hours_enabled quiet_hours_start
            quiet_hours_end timezone preferred_notification_email dismissed_deadlines
            """
        ),
        dropped=dict.fromkeys(("id", "created_at", "updated_at"), _FRESH),
        order=("user_id",),
    ),
    "public.user_preferences": Layout(
        read=_words("user_id cases_sort_by cases_sort_order cases_per_page dismissed_deadlines"),
        dropped=dict.fromkeys(("id", "created_at", "updated_at"), _FRESH),
        order=("user_id",),
    ),
    "public.notifications": Layout(rule="notifications start afresh in v2"),
    "public.refresh_tokens": Layout(rule="v2 has its own sessions"),
    "public.permission_states": Layout(rule="the new chat starts afresh"),
    "public.conversations": Layout(rule="the new chat starts afresh"),
    "public.conversation_messages": Layout(rule="the new chat starts afresh"),
    "public.calendar_sync_channels": Layout(rule="calendar sync starts afresh"),
}
"""Every v1 table. The users table is listed as public.users under whichever name the source has it."""

MOVED = tuple(name for name, layout in TABLES.items() if not layout.rule)
"""The tables whose rows have a destination in v2."""

LEFT = tuple(name for name, layout in TABLES.items() if layout.rule)
"""The tables that are left out as a whole, by a rule."""
