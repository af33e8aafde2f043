# First look: overscan, assembly and interpolation of saturated pixels; needs no calibration frame and no defect list.
config.doBias = False
config.doDark = False
config.doFlat = False
config.doFringe = False
config.doDefect = False
config.doApplyGains = False
