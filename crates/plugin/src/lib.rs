//! Plugins: references, configuration to environment, checkout.
