//! The site follows the configuration: it opens at the start, and moves, opens or closes after a reload. What it cannot have
//! it asks for again every two seconds.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::daemon::Engine;
use crate::daemon::health::Health;
use crate::site::{Board, Settings, Site, Vitals, Watched};

/// How often it is seen whether the configuration in force wants another place.
const LOOK: Duration = Duration::from_secs(2);

/// The daemon, for those who watch it.
pub(super) struct Watching {
    pub(super) health: Arc<Health>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) started: DateTime<Utc>,
}

impl Watched for Watching {
    fn vitals(&self) -> Vitals {
        let standing = self.health.standing();
        let engine = self.health.tally().engine();
        let config = engine.as_ref().map(|engine| engine.config());
        Vitals {
            now: self.clock.now(),
            started: self.started,
            decided: standing.decided,
            delivered: standing.delivered,
            faults: standing.degraded.len(),
            held: standing.held,
            load: standing.load.map(|load| (load.at, load.accepted)),
            channels: config.map_or_else(Vec::new, |config| config.channels.keys().cloned().collect()),
            attempts: self.health.tally().attempts(),
            almanac: config.map(|config| config.almanac.clone()),
        }
    }
}

/// The site, where there is one.
pub(super) struct Web {
    health: Arc<Health>,
    board: Arc<Board>,
    site: Option<Site>,
    /// What could not be had, so that it is said once.
    refused: Option<Settings>,
}

impl Web {
    /// Opens the site that the configuration asks for. Where its place cannot be had that is said, and tried again while
    /// it follows: what was promised does not hang on who may watch.
    pub(super) async fn open(engine: &Engine, board: Arc<Board>) -> Self {
        let mut web = Self {
            health: Arc::clone(engine.health()),
            board,
            site: None,
            refused: None,
        };
        web.move_to(engine.config().web.clone()).await;
        web
    }

    /// Follows the configuration until the end, and then closes the site.
    pub(super) async fn follow(mut self, over: CancellationToken) {
        while over.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            let engine = self.health.tally().engine();
            if let Some(wanted) = engine.map(|engine| engine.config().web.clone()) {
                self.move_to(wanted).await;
            }
        }
        self.close().await;
    }

    async fn close(&mut self) {
        if let Some(site) = self.site.take() {
            site.close().await;
        }
    }

    /// Goes where the configuration wants it; where that cannot be had, it stays where it is and tries again.
    pub(super) async fn move_to(&mut self, wanted: Option<Settings>) {
        let here = self.site.as_ref().map(Site::address);
        let Some(wanted) = wanted else {
            if let Some(here) = here {
                self.close().await;
                tracing::info!("no longer listening on http://{here}");
            }
            return;
        };
        let asked = self.site.as_ref().map(|site| site.settings().listen);
        if [here, asked].contains(&Some(wanted.listen)) {
            self.refused = None;
            return;
        }
        let is_news = self.refused.as_ref() != Some(&wanted);
        let mut opened = Site::open(&wanted, Arc::clone(&self.board)).await;
        // The site itself may be what is in its way: the same port on another address.
        if let (Err(_), Some(here), true) = (&opened, here, is_news)
            && here.port() == wanted.listen.port()
        {
            self.close().await;
            opened = Site::open(&wanted, Arc::clone(&self.board)).await;
            if opened.is_err() {
                let back = Settings {
                    listen: here,
                    ..wanted.clone()
                };
                self.site = Site::open(&back, Arc::clone(&self.board)).await.ok();
            }
        }
        match opened {
            Ok(site) => {
                self.close().await;
                self.site = Some(site);
                self.refused = None;
            }
            Err(error) => {
                if is_news {
                    let stays = self.site.as_ref().map_or_else(
                        || "there is no site until then".to_owned(),
                        |site| format!("the site stays on {}", site.address()),
                    );
                    tracing::error!("{error}: {stays}, and this is tried again; {}", error.hint());
                }
                self.refused = Some(wanted);
            }
        }
    }

    /// Where it listens.
    #[cfg(test)]
    pub(super) fn address(&self) -> Option<std::net::SocketAddr> {
        self.site.as_ref().map(Site::address)
    }
}

#[cfg(test)]
mod tests;
