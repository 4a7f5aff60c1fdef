@echo off
rem What "make run" does, for people without make.
cd /d "%~dp0"
if "%PYTHON%"=="" (
    where py >nul 2>nul && set "PYTHON=py -3" || set "PYTHON=python"
)
%PYTHON% tools\install.py auto %* || exit /b 1
.venv\Scripts\python -m tools.up %*
