//! One connection: who it is, and the channels that it opens.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use russh::server::{Auth, ChannelOpenHandle, Handler, Msg, PublicKeyOffer, VerifiedPublicKey};
use russh::{Channel, ChannelOpenFailure};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::inside::accounts::{self, User};
use crate::inside::ssh::{channel, keys};

/// The most channels of one connection.
const CHANNELS: usize = 64;

/// How long a connection that is asked for may take.
const CONNECT: Duration = Duration::from_secs(10);

/// One connection.
pub(super) struct Session {
    peer: SocketAddr,
    user: Option<User>,
    channels: Arc<Semaphore>,
}

impl Session {
    pub(super) fn new(peer: SocketAddr) -> Self {
        Self { peer, user: None, channels: Arc::new(Semaphore::new(CHANNELS)) }
    }
}

impl Handler for Session {
    type Error = russh::Error;

    async fn auth_publickey_offered(&mut self, user: &str, offer: PublicKeyOffer<'_>) -> Result<Auth, Self::Error> {
        let known = accounts::find(user).is_some_and(|user| keys::lets_in(&user, offer.public_key));
        Ok(if known { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        self.user = accounts::find(user).filter(|user| keys::lets_in(user, key.public_key));
        Ok(if self.user.is_some() { Auth::Accept } else { Auth::reject() })
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        session: &mut russh::server::Session,
    ) -> Result<(), Self::Error> {
        let (Some(user), Ok(place)) = (&self.user, Arc::clone(&self.channels).try_acquire_owned()) else {
            reply.reject(ChannelOpenFailure::ResourceShortage).await;
            return Ok(());
        };
        reply.accept().await;
        let (user, handle, peer) = (user.clone(), session.handle(), self.peer);
        tokio::spawn(async move {
            channel::serve(channel, handle, user, peer).await;
            drop(place);
        });
        Ok(())
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        host: &str,
        port: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut russh::server::Session,
    ) -> Result<(), Self::Error> {
        let place = Arc::clone(&self.channels).try_acquire_owned();
        let (Some(_), Ok(place), Ok(port)) = (&self.user, place, u16::try_from(port)) else {
            reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
            return Ok(());
        };
        let host = host.to_owned();
        // Not here: a connection that takes its time must not hold up the others.
        tokio::spawn(async move {
            match tokio::time::timeout(CONNECT, TcpStream::connect((host.as_str(), port))).await {
                Ok(Ok(mut stream)) => {
                    reply.accept().await;
                    let mut channel = channel.into_stream();
                    let _ = tokio::io::copy_bidirectional(&mut channel, &mut stream).await;
                }
                _ => reply.reject(ChannelOpenFailure::ConnectFailed).await,
            }
            drop(place);
        });
        Ok(())
    }
}
