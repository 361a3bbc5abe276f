using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Sqlite;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Recording;
using Lethe.Proxy.Terminal;
using Microsoft.Data.Sqlite;

namespace Lethe.Proxy.Commands;

/// <summary>The store of a data directory, opened for reading: beside a running lethe, or with none.</summary>
internal static class StoreFile
{
    public static string Of(LetheOptions options) => DataLayout.Store(options.DataDirectory);

    /// <exception cref="CommandFailure">No store is there, or it cannot be read.</exception>
    public static StoreReader Open(LetheSettings settings)
    {
        try
        {
            var options = settings.Options;
            return options.Sink == "sqlite" ? SqliteStore.OpenReader(Of(options)) : StoreOfSink.Reader(options, JournalIdentity.Of(DataLayout.Journal(options.DataDirectory)));
        }
        catch (Exception fault) when (fault is StoreRefusedException or SqliteException)
        {
            throw CommandFailure.Environment(fault.Message, fault);
        }
    }
}
