# SPDX-License-Identifier: GPL-3.0-or-later
# Where everything goes: `DESTDIR=… cmake --install BUILD`. The units carry the prefix that was
# configured.
set(ROLLCALL_SYSTEMD_PREFIX ${CMAKE_INSTALL_PREFIX}/lib CACHE PATH "Where systemd's units, sysusers.d and tmpfiles.d are")
configure_file(rollcalld.service.in rollcalld.service @ONLY)
configure_file(rollcall-directory@.service.in rollcall-directory@.service @ONLY)
configure_file(rollcall-health.service.in rollcall-health.service @ONLY)

install(TARGETS rollcall RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS rollcalld RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/rollcalld.service ${CMAKE_CURRENT_BINARY_DIR}/rollcall-directory@.service
              ${CMAKE_CURRENT_BINARY_DIR}/rollcall-health.service rollcall-health.timer
        DESTINATION ${ROLLCALL_SYSTEMD_PREFIX}/systemd/system)
install(FILES rollcall.sysusers DESTINATION ${ROLLCALL_SYSTEMD_PREFIX}/sysusers.d RENAME rollcall.conf)
install(FILES rollcall.tmpfiles DESTINATION ${ROLLCALL_SYSTEMD_PREFIX}/tmpfiles.d RENAME rollcall.conf)
install(FILES rollcall.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES rollcalld.toml.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES rollcalld.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(FILES rollcalld.toml ../LICENSE ../README.md ../CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
