using System.Text.Json;

namespace Lethe.Ingest.Journaling;

/// <summary>Tells what reading damaged data throws from what a machine throws that is short of something.</summary>
internal static class JournalDamage
{
    /// <summary>It says something of what was read: of the file, or of the text in it.</summary>
    public static bool Is(Exception error) =>
        error is FormatException or JsonException or InvalidOperationException or KeyNotFoundException or OverflowException || OfFile(error);

    /// <summary>It says something of the file.</summary>
    public static bool OfFile(Exception error) => error is InvalidDataException || (error is IOException && !IsScarcity(error));

    /// <summary>The file is to be read again. The numbers are Linux's (errno(3)).</summary>
    private static bool IsScarcity(Exception error)
    {
        const int Interrupted = 4, TryAgain = 11, NoMemory = 12, NoFilesOfTheSystem = 23, NoFilesOfTheProcess = 24;
        return error.HResult is Interrupted or TryAgain or NoMemory or NoFilesOfTheSystem or NoFilesOfTheProcess;
    }
}
