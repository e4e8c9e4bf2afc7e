//! The tables in the types both databases share. Kept by hand; a test compares it with what the migrations make.

diesel::table! {
    providers (id) {
        id -> Text,
        slug -> Text,
        name -> Text,
        mode -> Text,
        settings -> Text,
        catalogue_id -> Nullable<Text>,
        last_event_position -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    catalogues (id) {
        id -> Text,
        provider_id -> Text,
        number -> BigInt,
        content_hash -> Text,
        content -> Text,
        published_at -> Timestamp,
    }
}

diesel::table! {
    products (id) {
        id -> Text,
        provider_id -> Text,
        key -> Text,
    }
}

diesel::table! {
    plans (id) {
        id -> Text,
        provider_id -> Text,
        key -> Text,
    }
}

diesel::table! {
    plan_versions (id) {
        id -> Text,
        provider_id -> Text,
        plan_id -> Text,
        number -> BigInt,
        content_hash -> Text,
        content -> Text,
        published_at -> Timestamp,
    }
}

diesel::table! {
    add_ons (id) {
        id -> Text,
        provider_id -> Text,
        key -> Text,
    }
}

diesel::table! {
    add_on_versions (id) {
        id -> Text,
        provider_id -> Text,
        add_on_id -> Text,
        number -> BigInt,
        content -> Text,
        published_at -> Timestamp,
    }
}

diesel::table! {
    legal_documents (id) {
        id -> Text,
        provider_id -> Text,
        key -> Text,
        kind -> Text,
        version -> Text,
        language -> Text,
        title -> Text,
        content -> Text,
        sha256 -> Text,
        valid_from_on -> Date,
        published_at -> Timestamp,
        media_type -> Text,
    }
}

diesel::table! {
    test_clocks (id) {
        id -> Text,
        provider_id -> Text,
        name -> Nullable<Text>,
        now_at -> Timestamp,
        advancing_to_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    customers (id) {
        id -> Text,
        provider_id -> Text,
        customer_number -> Text,
        customer_type -> Text,
        name -> Text,
        email -> Text,
        locale -> Text,
        holiday_region -> Nullable<Text>,
        external_id -> Nullable<Text>,
        metadata -> Text,
        test_clock_id -> Nullable<Text>,
        next_due_at -> Nullable<Timestamp>,
        due_failures -> Integer,
        retry_at -> Nullable<Timestamp>,
        last_event_sequence -> BigInt,
        last_event_hash -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        billing -> Text,
        balance -> BigInt,
        balance_currency -> Text,
        payment_status -> Text,
        swept_on -> Nullable<Date>,
        restricted_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    users (id) {
        id -> Text,
        provider_id -> Text,
        customer_id -> Nullable<Text>,
        username -> Text,
        password_hash -> Text,
        role -> Text,
        disabled_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    refresh_tokens (id) {
        id -> Text,
        user_id -> Text,
        family_id -> Text,
        token_hash -> Text,
        scopes -> Text,
        issued_at -> Timestamp,
        expires_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
        revoked_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    api_keys (id) {
        id -> Text,
        provider_id -> Text,
        name -> Text,
        hint -> Text,
        key_hash -> Text,
        scopes -> Text,
        created_at -> Timestamp,
        expires_at -> Nullable<Timestamp>,
        revoked_at -> Nullable<Timestamp>,
        last_used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    subscriptions (id) {
        id -> Text,
        provider_id -> Text,
        customer_id -> Text,
        contract_number -> Text,
        customer_type -> Text,
        concluded_at -> Timestamp,
        instructed_at -> Nullable<Timestamp>,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        ended_by_change_id -> Nullable<Text>,
        withdrawn_on -> Nullable<Date>,
        billed_through_on -> Nullable<Date>,
        started_recorded -> Bool,
        ended_recorded -> Bool,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        parent_id -> Nullable<Text>,
        add_on_id -> Nullable<Text>,
        included -> Bool,
        created_by_change_id -> Nullable<Text>,
        performed_on -> Nullable<Date>,
        early_start_requested -> Bool,
    }
}

diesel::table! {
    phases (id) {
        id -> Text,
        customer_id -> Text,
        subscription_id -> Text,
        plan_version_id -> Nullable<Text>,
        quantity -> BigInt,
        from_on -> Date,
        through_on -> Nullable<Date>,
        billing_anchor_on -> Date,
        billing_interval_months -> Integer,
        created_by_change_id -> Nullable<Text>,
        ended_by_change_id -> Nullable<Text>,
        removed -> Bool,
        add_on_version_id -> Nullable<Text>,
        suspended -> Bool,
    }
}

diesel::table! {
    slot_allocations (id) {
        id -> Text,
        customer_id -> Text,
        subscription_id -> Text,
        kind -> Text,
        number -> BigInt,
        target -> Text,
        name -> Text,
        url -> Nullable<Text>,
        from_on -> Date,
        allocated_at -> Timestamp,
        released_on -> Nullable<Date>,
        moves -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    changes (id) {
        id -> Text,
        provider_id -> Text,
        customer_id -> Text,
        subscription_id -> Text,
        kind -> Text,
        status -> Text,
        received_at -> Timestamp,
        effective_on -> Date,
        details -> Text,
        superseded_by_id -> Nullable<Text>,
        settled_at -> Nullable<Timestamp>,
        version -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    charges (id) {
        id -> Text,
        provider_id -> Text,
        customer_id -> Text,
        subscription_id -> Text,
        item_id -> Text,
        price_key -> Text,
        kind -> Text,
        status -> Text,
        change_id -> Nullable<Text>,
        original_charge_id -> Nullable<Text>,
        invoice_id -> Nullable<Text>,
        credit_note_id -> Nullable<Text>,
        label -> Text,
        arithmetic -> Text,
        quantity -> BigInt,
        unit_price -> BigInt,
        amount -> BigInt,
        currency -> Text,
        price_mode -> Text,
        tax_rate -> Text,
        period_from -> Date,
        period_through -> Date,
        billing_from -> Date,
        billing_through -> Date,
        charged_on -> Date,
        created_at -> Timestamp,
    }
}

diesel::table! {
    withdrawals (id) {
        id -> Text,
        provider_id -> Text,
        customer_id -> Text,
        subscription_id -> Text,
        item_id -> Text,
        kind -> Text,
        quantity -> Nullable<BigInt>,
        plan_change_id -> Nullable<Text>,
        cancellation_id -> Nullable<Text>,
        reason -> Nullable<Text>,
        received_at -> Timestamp,
        dispatched_at -> Nullable<Timestamp>,
        withdrawn_on -> Date,
        last_day_on -> Date,
        refund_by_on -> Date,
        compensation -> Text,
        amounts -> Text,
        traces -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    events (id) {
        id -> Text,
        provider_id -> Text,
        customer_id -> Text,
        subscription_id -> Nullable<Text>,
        sequence -> BigInt,
        position -> Nullable<BigInt>,
        #[sql_name = "type"]
        event_type -> Text,
        occurred_at -> Timestamp,
        recorded_at -> Timestamp,
        actor -> Text,
        on_behalf_of -> Nullable<Text>,
        request_id -> Nullable<Text>,
        data -> Text,
        data_hash -> Text,
        previous_hash -> Text,
        hash -> Text,
    }
}

diesel::table! {
    idempotency_keys (principal_id, key) {
        principal_id -> Text,
        key -> Text,
        fingerprint -> Text,
        response_status -> Nullable<Integer>,
        response_headers -> Nullable<Text>,
        response_body -> Nullable<Text>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    emails (id) {
        id -> Text,
        provider_id -> Text,
        customer_id -> Nullable<Text>,
        subscription_id -> Nullable<Text>,
        event_id -> Nullable<Text>,
        object_id -> Nullable<Text>,
        resent_from_id -> Nullable<Text>,
        kind -> Text,
        locale -> Text,
        recipient -> Text,
        subject -> Text,
        body_text -> Text,
        body_html -> Text,
        attachments -> Text,
        sender -> Text,
        message_id -> Text,
        status -> Text,
        attempts -> Integer,
        next_attempt_at -> Timestamp,
        leased_until -> Nullable<Timestamp>,
        last_error -> Nullable<Text>,
        skip_reason -> Nullable<Text>,
        occurred_at -> Timestamp,
        created_at -> Timestamp,
        sent_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    webhook_endpoints (id) {
        id -> Text,
        provider_id -> Text,
        url -> Text,
        description -> Nullable<Text>,
        event_types -> Text,
        enabled -> Bool,
        disabled_at -> Nullable<Timestamp>,
        disabled_reason -> Nullable<Text>,
        secret -> Text,
        previous_secret -> Nullable<Text>,
        previous_secret_until -> Nullable<Timestamp>,
        position -> BigInt,
        failing_since -> Nullable<Timestamp>,
        paused_until -> Nullable<Timestamp>,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        last_failure_at -> Nullable<Timestamp>,
        last_failure_status -> Nullable<Integer>,
        last_failure_error -> Nullable<Text>,
    }
}

diesel::table! {
    webhook_deliveries (id) {
        id -> Text,
        provider_id -> Text,
        endpoint_id -> Text,
        event_id -> Nullable<Text>,
        #[sql_name = "type"]
        event_type -> Text,
        position -> Nullable<BigInt>,
        status -> Text,
        attempts -> Integer,
        failures -> Integer,
        next_attempt_at -> Nullable<Timestamp>,
        attempt_started_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        settled_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    invoices (id) {
        id -> Text,
        provider_id -> Text,
        customer_id -> Text,
        number -> Text,
        series -> Text,
        year -> Integer,
        sequence -> BigInt,
        status -> Text,
        issued_on -> Date,
        due_on -> Date,
        currency -> Text,
        treatment -> Text,
        net -> BigInt,
        tax -> BigInt,
        gross -> BigInt,
        balance_applied -> BigInt,
        paid -> BigInt,
        credited -> BigInt,
        settled_at -> Nullable<Timestamp>,
        document -> Text,
        sha256 -> Text,
        recorded_at -> Timestamp,
        set_off -> BigInt,
    }
}

diesel::table! {
    declarations (id) {
        id -> Text,
        provider_id -> Text,
        kind -> Text,
        reference -> Text,
        receipt_token -> Text,
        repeat_key -> Nullable<Text>,
        content -> Text,
        raw -> Text,
        content_hash -> Text,
        locale -> Text,
        origin -> Nullable<Text>,
        origin_network -> Text,
        user_agent -> Nullable<Text>,
        request_id -> Text,
        received_at -> Timestamp,
        over_limit -> Bool,
        status -> Text,
        automatic -> Bool,
        customer_id -> Nullable<Text>,
        subscription_id -> Nullable<Text>,
        timely -> Nullable<Bool>,
        last_day_on -> Nullable<Date>,
        result_id -> Nullable<Text>,
        reason -> Nullable<Text>,
        decided_by -> Nullable<Text>,
        decided_at -> Nullable<Timestamp>,
        version -> BigInt,
    }
}

diesel::table! {
    webhook_attempts (delivery_id, number) {
        delivery_id -> Text,
        number -> Integer,
        started_at -> Timestamp,
        duration_ms -> Nullable<BigInt>,
        status -> Nullable<Integer>,
        error -> Nullable<Text>,
        answer -> Nullable<Text>,
    }
}

diesel::table! {
    credit_notes (id) {
        id -> Text,
        provider_id -> Text,
        customer_id -> Text,
        number -> Text,
        series -> Text,
        year -> Integer,
        sequence -> BigInt,
        issued_on -> Date,
        document -> Text,
        sha256 -> Text,
        recorded_at -> Timestamp,
    }
}

diesel::table! {
    credit_note_invoices (credit_note_id, invoice_id) {
        credit_note_id -> Text,
        invoice_id -> Text,
    }
}

diesel::table! {
    document_counters (provider_id, series, document_type, year) {
        provider_id -> Text,
        series -> Text,
        document_type -> Text,
        year -> Integer,
        last_sequence -> BigInt,
    }
}

diesel::table! {
    payments (id) {
        id -> Text,
        provider_id -> Text,
        customer_id -> Text,
        amount -> BigInt,
        currency -> Text,
        received_on -> Date,
        invoice_id -> Nullable<Text>,
        method -> Nullable<Text>,
        reference -> Nullable<Text>,
        allocations -> Text,
        to_balance -> BigInt,
        recorded_at -> Timestamp,
    }
}

diesel::table! {
    usage_records (id) {
        id -> Text,
        provider_id -> Text,
        customer_id -> Text,
        subscription_id -> Text,
        plan_version_id -> Text,
        price_key -> Text,
        quantity -> Integer,
        reference -> Nullable<Text>,
        used_at -> Timestamp,
        used_on -> Date,
        recorded_on -> Date,
        recorded_at -> Timestamp,
        billed_on -> Nullable<Date>,
        charge_id -> Nullable<Text>,
    }
}

diesel::table! {
    data_erasures (id) {
        id -> Text,
        provider_id -> Text,
        customer_id -> Text,
        subscription_id -> Text,
        cancellation_id -> Text,
        due_on -> Date,
        deadline_on -> Date,
        erased_at -> Timestamp,
        erased_event_payloads -> BigInt,
        erased_slots -> BigInt,
        erased_profile -> Bool,
        acknowledged_at -> Nullable<Timestamp>,
        acknowledged_by -> Nullable<Text>,
        note -> Nullable<Text>,
        version -> BigInt,
    }
}

diesel::table! {
    withdrawal_drafts (token_hash) {
        token_hash -> Text,
        provider_id -> Text,
        content -> Text,
        raw -> Text,
        locale -> Text,
        created_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    providers,
    catalogues,
    products,
    plans,
    plan_versions,
    add_ons,
    legal_documents,
    test_clocks,
    customers,
    users,
    refresh_tokens,
    api_keys,
    subscriptions,
    add_on_versions,
    phases,
    slot_allocations,
    changes,
    charges,
    withdrawals,
    events,
    emails,
    idempotency_keys,
    webhook_endpoints,
    webhook_deliveries,
    webhook_attempts,
    invoices,
    credit_notes,
    credit_note_invoices,
    document_counters,
    payments,
    usage_records,
    declarations,
    withdrawal_drafts,
    data_erasures,
);
