//! One request as data: what is asked for, and what may be done when the answer is lost.

use super::params::Params;

/// How a request is sent. Questions and deletions carry their parameters in the address, the
/// others in a form's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A question.
    Get,
    /// Something new.
    Post,
    /// A change.
    Put,
    /// An end.
    Delete,
}

impl Method {
    /// Its name in HTTP.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    /// Whether the parameters stand in the body.
    pub const fn has_body(self) -> bool {
        matches!(self, Self::Post | Self::Put)
    }
}

/// What the venue wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Nothing.
    Public,
    /// The key alone.
    Key,
    /// The key, a timestamp and a signature.
    Signed,
}

/// Whether the client may send the same request again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resend {
    /// After any failure that may pass: a question.
    Freely,
    /// Only where the venue said that it did nothing, for the clock's sake: what is the same done
    /// twice.
    AfterClock,
    /// Never: an order.
    Never,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// How it is sent.
    pub method: Method,
    /// Where to, without the host and without a leading slash.
    pub path: &'static str,
    /// With what, without timestamp and signature.
    pub params: Params,
    /// What the venue wants to see.
    pub security: Security,
    /// What the venue's documentation says that it weighs.
    pub weight: u32,
    /// Whether it may be sent again.
    pub resend: Resend,
    /// How many orders it counts for in the venue's limit on orders.
    pub orders: u32,
}

impl Call {
    /// A question about the account.
    pub fn ask(path: &'static str, params: Params, weight: u32) -> Self {
        let method = Method::Get;
        Self {
            method,
            path,
            params,
            security: Security::Signed,
            weight,
            resend: Resend::Freely,
            orders: 0,
        }
    }

    /// A question that anyone may ask.
    pub fn ask_public(path: &'static str, params: Params, weight: u32) -> Self {
        Self { security: Security::Public, ..Self::ask(path, params, weight) }
    }

    /// Something that is the same done once or twice: a setting, or a cancel.
    pub fn set(method: Method, path: &'static str, params: Params, weight: u32) -> Self {
        let resend = Resend::AfterClock;
        Self { method, resend, ..Self::ask(path, params, weight) }
    }

    /// Something that must not be done twice.
    pub fn order(method: Method, path: &'static str, params: Params, orders: u32) -> Self {
        Self { method, resend: Resend::Never, orders, ..Self::ask(path, params, 1) }
    }

    /// The same with the key alone.
    #[must_use]
    pub fn with_key_alone(self) -> Self {
        Self { security: Security::Key, ..self }
    }
}
