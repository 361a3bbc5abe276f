using System.Data.Common;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Sqlite;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Recording;
using Lethe.Proxy.Terminal;

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
            return options.Sink == StoreOfSink.Sqlite ? SqliteStore.OpenReader(Of(options)) : StoreOfSink.Reader(options, options.DataDirectory);
        }
        catch (Exception fault) when (fault is StoreRefusedException or DbException)
        {
            throw CommandFailure.Environment(fault.Message, fault);
        }
    }
}
