using System.Text;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>A file's bytes as letters, also while it is written.</summary>
internal static class FileText
{
    public static string Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(file, Encoding.Latin1);
        return reader.ReadToEnd();
    }
}
