"""Taking out of a picture whom it shows and what its file tells, and proving that it is gone.

``faces``      where faces are
``obscure``    making them unrecognisable, and the mask of them for a generator that fills
``remains``    whatever a file holds beside its picture, by an account of every byte
``bare``       a file of pixels and nothing else
``text``       letters in a picture
``dicom``      PS3.15's basic profile, and a verifier without which nothing is stamped

What was asked of a picture is done whole or the picture does not leave: every step that removes is followed by one that
looks at the result anew.
"""
