# Electrons: bias, defects and gains of the amplifiers in place of the flat field; the result is in electron.
config.doBias = True
config.doDark = False
config.doFlat = False
config.doApplyGains = True
config.normalizeGains = False
config.doDefect = True
config.doFringe = False
