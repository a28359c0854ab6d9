//! The front door over real sockets.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod bodies;
#[cfg(test)]
mod credentials;
#[cfg(test)]
mod deadlines;
#[cfg(test)]
mod drain;
#[cfg(test)]
mod framing;
#[cfg(test)]
mod hosts;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod tls;
