"""DICOM: PS3.15's basic application level confidentiality profile (annex E), with dates moved.

    deidentify      the numbered steps for one file; nothing is stamped that the verifier does not pass
    profile         what becomes of each attribute: the standard's table E.1-1, and an allow-list for what is not in it
    words           the only words that stay: DICOM's defined terms, makers, meanings of standard codes
    pseudonyms      UIDs, dates and patients, by a key
    clean           a new data set, into which only what a rule lets through is put
    pixels          the pixel data: decompressed, without a bit or a byte that is no pixel
    burned_in       whether the picture may show words
    verifier        the written bytes, read anew and judged

The standard's table forgets what is newer than it, and text that a site put where it should not be. So what is not in
the table does not stay because of that: numbers do, words only where they are known ones, everything else goes.

This package needs pydicom (the extra ``medical``); nothing outside it imports it at module load.
"""
