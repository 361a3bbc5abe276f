using Lethe.Ingest.Meaning;
using Lethe.Ingest.Recording;
using Lethe.Ingest.Sqlite;

namespace Lethe.Proxy.Recording;

/// <summary>What lies where in a data directory.</summary>
internal static class DataLayout
{
    public static string Store(string dataDirectory) => Path.Combine(dataDirectory, LetheDatabase.FileName);

    public static string Journal(string dataDirectory) => Path.Combine(dataDirectory, "journal");

    public static string CredentialKey(string dataDirectory) => Path.Combine(dataDirectory, CredentialKeyFile.Name);
}
