// SPDX-License-Identifier: MIT
package tailrace;

/** A run that cannot start: becomes one error event and exit code 1. */
final class Refused extends Exception {
    private static final long serialVersionUID = 1;
    final String remedy;

    Refused(String message, String remedy) {
        super(message);
        this.remedy = remedy;
    }
}
