//! The words of closed sets, as tables and ledgers hold them. They are those of the sets' JSON.

use fillwright_domain::{
    ExecutionReasonCode, ExecutionStatus, OrderStatus, OrderType, TimeInForce,
};

pub(crate) const fn order_type(order_type: OrderType) -> &'static str {
    match order_type {
        OrderType::Market => "market",
        OrderType::Limit => "limit",
    }
}

pub(crate) const fn time_in_force(time_in_force: TimeInForce) -> &'static str {
    match time_in_force {
        TimeInForce::Day => "day",
        TimeInForce::Gtc => "gtc",
        TimeInForce::Ioc => "ioc",
        TimeInForce::Fok => "fok",
        TimeInForce::Gtd => "gtd",
    }
}

pub(crate) const fn order_status(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::PendingNew => "pending_new",
        OrderStatus::New => "new",
        OrderStatus::PartiallyFilled => "partially_filled",
        OrderStatus::PendingCancel => "pending_cancel",
        OrderStatus::Unknown => "unknown",
        OrderStatus::Filled => "filled",
        OrderStatus::Canceled => "canceled",
        OrderStatus::Rejected => "rejected",
        OrderStatus::Expired => "expired",
    }
}

pub(crate) const fn execution_status(status: ExecutionStatus) -> &'static str {
    match status {
        ExecutionStatus::Filled => "FILLED",
        ExecutionStatus::PartiallyFilled => "PARTIALLY_FILLED",
        ExecutionStatus::Failed => "FAILED",
    }
}

pub(crate) const fn reason_code(reason: ExecutionReasonCode) -> &'static str {
    match reason {
        ExecutionReasonCode::ExecutionNotAvailable => "EXECUTION_NOT_AVAILABLE",
        ExecutionReasonCode::ExecutionRejected => "EXECUTION_REJECTED",
    }
}
