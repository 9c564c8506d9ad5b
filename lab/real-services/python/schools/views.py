from pathlib import Path

import pandas
import psycopg
from django.conf import settings
from django.http import JsonResponse
from django.shortcuts import render

SCHOOLS = Path(__file__).with_name("schools.csv")
HEADING = "Pupils by region"


def summary(request):
    pupils = pandas.read_csv(SCHOOLS).groupby("region")["pupils"].sum()
    return render(request, "schools/summary.html", {"heading": HEADING, "regions": pupils.to_dict()})


def healthcheck(request):
    return JsonResponse({"status": "ok", "commit": settings.COMMIT_SHA, "psycopg": psycopg.__version__})
