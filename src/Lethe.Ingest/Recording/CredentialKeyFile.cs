using System.Runtime.InteropServices;
using Lethe.Capture.Redaction;

namespace Lethe.Ingest.Recording;

/// <summary>The file that holds the key of credential fingerprints: 32 bytes, mode 0600, in a directory of mode 0700.</summary>
public static partial class CredentialKeyFile
{
    public const string Name = "credential.key";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The key in that file, created at first use; of several processes at once, all get the same. Throws when the file is not a key.</summary>
    public static CredentialKey LoadOrCreate(string path)
    {
        if (!File.Exists(path))
        {
            var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
            if (!Directory.Exists(directory))
            {
                CreateDirectory(directory);
            }

            Create(path);
        }

        var bytes = File.ReadAllBytes(path);
        return bytes.Length == CredentialKey.Length
            ? new CredentialKey(bytes)
            : throw new InvalidDataException($"{path} is not a credential key: it holds {bytes.Length} bytes instead of {CredentialKey.Length}.");
    }

    private static void CreateDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, OwnerOnly | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Writes the whole key beside its place and moves it there, unless another process was first.</summary>
    private static void Create(string path)
    {
        var draft = $"{path}.{Environment.ProcessId}-{Path.GetRandomFileName()}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        try
        {
            using (var file = new FileStream(draft, options))
            {
                file.Write(CredentialKey.Create().ToArray());
                file.Flush(flushToDisk: true);
            }

            Publish(draft, path);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process has made the key meanwhile: that one counts.
        }
        finally
        {
            File.Delete(draft);
        }
    }

    // Of many that link to one name, one succeeds; a move that must not overwrite looks first, and then moves.
    private static void Publish(string draft, string path)
    {
        if (OperatingSystem.IsWindows() || (Link(draft, path) != 0 && !File.Exists(path)))
        {
            File.Move(draft, path, overwrite: false);
        }
    }

    /// <summary>https://pubs.opengroup.org/onlinepubs/9799919799/functions/link.html</summary>
    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string added);
}
