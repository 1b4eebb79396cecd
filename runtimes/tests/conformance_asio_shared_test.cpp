// SPDX-License-Identifier: MIT
#include "asio_shared.hpp"
#include "conformance.hpp"
