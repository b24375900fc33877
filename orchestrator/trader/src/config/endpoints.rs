//! Where the venue is: what was given, and the network's own addresses for the rest.

use exchange::binance::signed::verdict::Market;
use exchange::binance::{rest, spot, stream, usdm, user_stream};

use super::reading::Reading;
use super::values;

/// Which of the venue's networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    /// Where money is real.
    Live,
    /// Where it is none.
    Testnet,
}

/// Base addresses that were given, without a slash at the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Endpoints {
    spot_rest: Option<String>,
    spot_stream: Option<String>,
    spot_api: Option<String>,
    spot_ws_api: Option<String>,
    futures_rest: Option<String>,
    futures_stream: Option<String>,
}

/// Where one market of one network is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Addresses {
    /// Market data by request: `http://` or `https://`.
    pub(crate) rest: String,
    /// Market data by stream: `ws://` or `wss://`.
    pub(crate) stream: String,
    /// The account by request: `http://` or `https://`.
    pub(crate) account_rest: String,
    /// The account by stream: `ws://` or `wss://`.
    pub(crate) account_stream: String,
}

impl Endpoints {
    /// As they are configured.
    pub(super) fn read(reading: &mut Reading) -> Self {
        Self {
            spot_rest: reading.read("BINANCE_REST_URL", values::rest_url),
            spot_stream: reading.read("BINANCE_STREAM_URL", values::stream_url),
            spot_api: reading.read("BINANCE_SPOT_API_URL", values::rest_url),
            spot_ws_api: reading.read("BINANCE_SPOT_WS_API_URL", values::stream_url),
            futures_rest: reading.read("BINANCE_FUTURES_REST_URL", values::rest_url),
            futures_stream: reading.read("BINANCE_FUTURES_STREAM_URL", values::stream_url),
        }
    }

    /// The addresses of `market`. What was given counts on either network: whoever gives an address
    /// means it.
    pub(crate) fn of(&self, market: Market, network: Network) -> Addresses {
        let or = |given: &Option<String>, live: &str, testnet: &str| {
            let own = if network == Network::Live { live } else { testnet };
            given.clone().unwrap_or_else(|| own.to_owned())
        };
        match market {
            Market::Spot => Addresses {
                rest: or(&self.spot_rest, rest::DEFAULT_REST_URL, spot::client::TESTNET_REST_URL),
                stream: or(
                    &self.spot_stream,
                    stream::DEFAULT_STREAM_URL,
                    stream::SPOT_TESTNET_STREAM_URL,
                ),
                account_rest: or(
                    &self.spot_api,
                    spot::client::LIVE_REST_URL,
                    spot::client::TESTNET_REST_URL,
                ),
                account_stream: or(
                    &self.spot_ws_api,
                    user_stream::stream::SPOT_LIVE_URL,
                    user_stream::stream::SPOT_TESTNET_URL,
                ),
            },
            Market::Usdm => {
                let rest = or(
                    &self.futures_rest,
                    usdm::client::LIVE_REST_URL,
                    usdm::client::TESTNET_REST_URL,
                );
                let stream = or(
                    &self.futures_stream,
                    user_stream::stream::USDM_LIVE_URL,
                    user_stream::stream::USDM_TESTNET_URL,
                );
                Addresses {
                    account_rest: rest.clone(),
                    account_stream: stream.clone(),
                    rest,
                    stream,
                }
            }
        }
    }
}
