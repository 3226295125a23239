"""The marks: the label in the file, the watermark in the picture, the credential over both; ``order`` puts
them on.
"""
