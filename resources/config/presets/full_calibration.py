# Full calibration: bias, dark, flat and defects; no fringes.
config.doBias = True
config.doDark = True
config.doFlat = True
config.doApplyGains = False
config.doDefect = True
config.doFringe = False
