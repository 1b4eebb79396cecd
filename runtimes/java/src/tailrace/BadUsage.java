// SPDX-License-Identifier: MIT
package tailrace;

/** A command line that is refused, with one sentence. */
final class BadUsage extends Exception {
    private static final long serialVersionUID = 1;

    BadUsage(String sentence) {
        super(sentence);
    }

    /** At most 80 characters of what somebody else wrote, in one line. */
    static String excerpt(String text) {
        return oneLine(text, 80);
    }

    static String oneLine(String text, int most) {
        String cut = text.codePointCount(0, text.length()) <= most
                ? text : text.substring(0, text.offsetByCodePoints(0, most));
        return cut.replaceAll("\\p{Cntrl}", " ");
    }
}
