namespace Lethe.Ingest.Sqlite;

/// <summary>Ids as the store's columns hold them.</summary>
internal static class SqliteId
{
    public static byte[] Bytes(this Guid id) => id.ToByteArray(bigEndian: true);
}
