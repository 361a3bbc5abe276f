using Lethe.Ingest.Meaning;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>A copy of a store as it is at one moment, made while it is written. https://www.sqlite.org/backup.html</summary>
public static class StoreBackup
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes the copy (0600), whole or not at all; replaces what is there under that name.</summary>
    /// <exception cref="StoreRefusedException">There is no store, or it is not of this program's kind and version.</exception>
    /// <exception cref="SqliteException">It cannot be read, or the copy not be written.</exception>
    public static void Write(string path, string copy)
    {
        using var source = LetheDatabase.OpenReadOnly(path);
        Write(source, copy);
    }

    internal static void Write(SqliteConnection source, string copy)
    {
        var unfinished = copy + ".tmp";
        File.Delete(unfinished);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        File.Open(unfinished, options).Dispose();
        using (var target = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = unfinished, Pooling = false }.ToString()))
        {
            target.Open();
            source.BackupDatabase(target);
        }

        File.Move(unfinished, copy, overwrite: true);
    }
}
