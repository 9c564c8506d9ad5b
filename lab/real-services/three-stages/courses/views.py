from django.conf import settings
from django.http import JsonResponse
from django.shortcuts import render

HEADING = "Find a course"


def find(request):
    return render(request, "courses/find.html", {"heading": HEADING})


def healthcheck(request):
    return JsonResponse({"status": "ok", "commit": settings.COMMIT_SHA})
