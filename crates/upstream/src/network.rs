//! Where a provider may live.

use std::fmt;

/// The network class of a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Network {
    /// Public addresses only, over https only.
    #[default]
    Public,
    /// Loopback and private addresses too, and http too.
    Local,
}

impl Network {
    /// Every class.
    pub const ALL: [Self; 2] = [Self::Public, Self::Local];

    /// The name used in the management API and in stored rows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Local => "local",
        }
    }

    /// The class of this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|network| network.as_str() == name)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_class() {
        assert_eq!(
            Network::ALL.map(|network| Network::from_name(network.as_str())),
            [Some(Network::Public), Some(Network::Local)]
        );
        assert_eq!(Network::from_name("Local"), None);
    }
}
